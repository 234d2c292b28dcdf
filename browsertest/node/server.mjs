// The scenario's server, with the official implementation.
//
//   node server.mjs [port] [recovery | impatient]
//
// It listens on 127.0.0.1, prints {"port":N} once it does, and ends with its
// standard input. With recovery it restores the state of broken connections;
// when impatient it waits for a pong for only half a second.

import { createServer } from "node:http";
import { Server } from "socket.io";
import { beat, diff, pattern } from "./scenario.mjs";

const http = createServer();
const [port = "0", mode] = process.argv.slice(2);
const io = new Server(http, {
  cors: { origin: "*" },
  pingInterval: 100, // so that many fall into the scenario
  pingTimeout: mode === "impatient" ? 500 : 20_000,
  connectionStateRecovery: mode === "recovery" ? {} : undefined,
});

// Sockets that are gone, with the reason: a promise, so that one may ask before it is known.
const departures = new Map();

function departure(id) {
  let d = departures.get(id);
  if (!d) {
    d = {};
    d.reason = new Promise((resolve) => (d.resolve = resolve));
    departures.set(id, d);
  }
  return d;
}

// How many events called count came in order, by socket.
const counts = new Map();

function serve(socket) {
  const namespace = socket.nsp;
  socket.on("history", (n) => {
    for (let i = 0; i < n; i++) socket.emit("row", i, null);
  });
  socket.on("album", (n) => {
    for (let i = 0; i < n; i++) socket.emit("row", i, pattern(300_000 + i));
  });
  socket.on("count", (i) => {
    const n = counts.get(socket.id) ?? 0;
    if (i === n) counts.set(socket.id, n + 1);
  });
  socket.on("counted", (id, answer) => answer(counts.get(id) ?? 0));
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("ack", (...args) => args.pop()(...args));
  socket.on("ask", (question, answer) => socket.emit("question", question, answer));
  socket.on("where", (answer) => answer({ namespace: namespace.name, id: socket.id }));
  socket.on("enter", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("shout", (room, text) => namespace.to(room).emit("shout", text));
  socket.on("tell", (room, text) => socket.to(room).emit("tell", text));
  socket.on("drop", (room) => {
    // By the time of this event the state has been kept.
    socket.on("disconnect", () => namespace.to(room).emit("shout", "missed"));
    socket.conn.close();
  });
  socket.on("goodbye", () => socket.disconnect());
  socket.on("left", async (id, answer) => answer(await departure(id).reason));
  socket.on("disconnect", (reason) => departure(socket.id).resolve(reason));
}

io.on("connection", serve);
io.of("/second").on("connection", serve);
io.of("/guarded")
  .use((socket, next) => {
    if (socket.handshake.auth.token === "secret") return next();
    const refusal = new Error("not authorized");
    refusal.data = { code: 401, hint: "ask for a token" };
    next(refusal);
  })
  .on("connection", serve);

// Events from both sides at the moment of connection and across the upgrade:
// each side starts with a burst and sends one more for each that it gets, until
// the client has seen enough and says how many it sent.
io.of("/stress").on("connection", (socket) => {
  let sent = 0;
  let received = 0;
  let disorder = "";
  const send = () => socket.emit("tick", ...beat(sent++));
  socket.on("tick", (...args) => {
    disorder ||= diff(args, beat(received), `tick ${received}`);
    received++;
    send();
  });
  socket.on("stop", (count) => {
    if (count !== received) disorder ||= `got ${received} of ${count}`;
    socket.emit("stopped", sent, disorder);
  });
  for (let i = 0; i < 20; i++) send();
});

process.stdin.resume().on("end", () => process.exit());
http.listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ port: http.address().port })));
