// The official server with the handlers of one kind of load.
//
//   node --expose-gc server.mjs kind
//
// It listens on a free port of 127.0.0.1, prints {"port":N} once it does, and ends
// with its standard input.

import { createRequire } from "node:module";
import { createServer } from "node:http";

// The packages are installed beside, in browsertest/node.
const { Server } = createRequire(new URL("../node/package.json", import.meta.url))("socket.io");

// A connection that rests between POSTs stays open: a client of the loads has no other.
const http = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  if (request.url !== "/settle") {
    response.writeHead(404).end();
    return;
  }
  gc();
  gc(); // the first may leave what finalizers held
  response.end("{}");
});
const io = new Server(http);

const handlers = {
  echo: (socket) => socket.on("echo", (text) => socket.emit("echo", text)),
  blob: (socket) => socket.on("blob", (data) => socket.emit("blob", data)),
  ack: (socket) => socket.on("ack", (text, answer) => answer(text)),
  cast: (socket) => socket.on("cast", (text) => io.emit("cast", text)),
  storm: (socket) => socket.on("storm", (text) => io.emit("storm", text)),
  room: (socket) => {
    socket.on("join", (rooms, done) => {
      socket.join(rooms);
      done();
    });
    socket.on("room", (room, text) => io.to(room).emit("echo", text));
  },
  texts: (socket) =>
    socket.on("texts", (events, bytes) => {
      const text = "0".repeat(bytes);
      for (let i = 0; i < events; i++) socket.emit("echo", text);
    }),
  blobs: (socket) =>
    socket.on("blobs", (events, bytes) => {
      for (let i = 0; i < events; i++) socket.emit("blob", Buffer.alloc(bytes));
    }),
  casts: (socket) =>
    socket.on("casts", (events, bytes) => {
      const text = "0".repeat(bytes);
      for (let i = 0; i < events; i++) io.emit("cast", text);
    }),
};
io.on("connection", handlers[process.argv[2]]);

process.stdin.resume().on("end", () => process.exit());
// The backlog is the one Go asks for.
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(JSON.stringify({ port: http.address().port })));
