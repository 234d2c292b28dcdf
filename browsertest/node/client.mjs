// The scenario's official client, in Node.
//
//   node client.mjs scenario <url> <transports>
//   node client.mjs recover <url> <transports>
//   node client.mjs stress <url> <transports> <count> <width>
//   node client.mjs bystander <url> <transports>
//
// It prints one JSON line for each row, {"restart":true} when the server is to
// be killed and started again on its port, and {"failures":[…]} for the stress and
// for the bystander, which acknowledges "echo" with its arguments and stays connected
// until "done" comes.

import { io } from "socket.io-client";
import { recover, run, stress } from "./scenario.mjs";

const print = (line) => console.log(JSON.stringify(line));
const [mode, url, transports, count, width] = process.argv.slice(2);

if (mode === "stress") {
  const failures = await stress({ io, url, transports: transports.split(","), count: Number(count), width: Number(width) });
  print({ failures });
} else if (mode === "bystander") {
  const failures = [];
  await new Promise((resolve) => {
    const socket = io(url, { transports: transports.split(","), reconnection: false });
    socket.on("connect_error", (err) => resolve(failures.push(err.message)));
    socket.on("disconnect", (reason, details) => resolve(failures.push(`${reason} ${details?.description ?? ""}`)));
    socket.on("echo", (...args) => args.pop()(...args));
    socket.on("done", resolve);
  });
  print({ failures });
} else if (mode === "recover") {
  await recover({ io, url, transports: transports.split(",") });
} else {
  await run({ io, url, transports: transports.split(","), report: print, restart: () => print({ restart: true }) });
}
process.exit();
