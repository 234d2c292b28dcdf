// The scenario's official client, in Node.
//
//   node client.mjs scenario <url> <transports>
//   node client.mjs recover <url> <transports>
//   node client.mjs stress <url> <transports> <count> <width>
//
// It prints one JSON line for each row, {"restart":true} when the server is to
// be killed and started again on its port, and {"failures":[…]} for the stress.

import { io } from "socket.io-client";
import { recover, run, stress } from "./scenario.mjs";

const print = (line) => console.log(JSON.stringify(line));
const [mode, url, transports, count, width] = process.argv.slice(2);

if (mode === "stress") {
  const failures = await stress({ io, url, transports: transports.split(","), count: Number(count), width: Number(width) });
  print({ failures });
} else if (mode === "recover") {
  await recover({ io, url, transports: transports.split(",") });
} else {
  await run({ io, url, transports: transports.split(","), report: print, restart: () => print({ restart: true }) });
}
process.exit();
