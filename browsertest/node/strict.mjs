// The official client in an application that connects, leaves and connects in one
// tick, as a component in React's StrictMode does.
//
//   node strict.mjs <url> <transports>
//
// The namespace "/names" answers "who" with the name in its auth. It prints one JSON line.

import { Manager } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
const manager = new Manager(url, { transports: transports.split(",") });
const closed = [];
const root = manager.socket("/");
root.on("disconnect", (reason) => closed.push(reason));
await new Promise((resolve) => root.on("connect", resolve));

const answers = [];
const names = manager.socket("/names", { auth: { name: "a" } });
const who = async () => {
  await new Promise((resolve) => (names.connected ? resolve() : names.once("connect", resolve)));
  // What was answered before the last CONNECT was read may have been asked of a socket
  // that has left.
  for (;;) {
    const name = await names.timeout(1000).emitWithAck("who").catch(() => undefined);
    if (name === names.auth.name) return name;
  }
};
for (const sequence of [["a", "a"], ["b", "a"], ["c", "d", "e", "f"], Array(100).fill("g")]) {
  for (const name of sequence) {
    names.auth = { name };
    names.connect();
    names.disconnect();
  }
  names.connect();
  answers.push(await who());
  names.disconnect();
}
console.log(JSON.stringify({ answers, closed, connected: root.connected }));
process.exit();
