// The scenario as the official client runs it, in Node and in a page. The Go
// package browsertest/scenario is the same, row by row.

const patience = 20_000; // ms after which a row is stuck

// run goes through the rows, calls report({row, error, ms}) after each, and waits for it.
// restart() asks for the server to be killed and started again on its port; it
// does not wait for that.
export async function run({ io, url, transports, restart, report }) {
  for (const [row, play] of Object.entries(rows)) {
    const peers = [];
    const open = async (namespace = "/", options = {}) => {
      const socket = dial(io, url, transports, namespace, options);
      peers.push(socket);
      await connected(socket);
      if (transports.length > 1) await upgraded(socket);
      return socket;
    };
    const start = Date.now();
    let error;
    try {
      await within(patience, play({ open, url, io, transports, restart }));
    } catch (e) {
      error = String(e?.stack ?? e);
    }
    peers.forEach((socket) => socket.disconnect());
    await report({ row, error, ms: Date.now() - start });
  }
}

// recover loses its connection and has its state restored, with the event that it missed.
export async function recover({ io, url, transports }) {
  const socket = dial(io, url, transports, "/");
  try {
    await within(patience, (async () => {
      await connected(socket);
      const { id } = socket;
      const heard = [];
      socket.on("shout", (text) => heard.push(text));
      await socket.emitWithAck("enter", "the room");
      socket.emit("shout", "the room", "before");
      await once(socket, "shout");
      const back = once(socket, "connect");
      const missed = once(socket, "shout");
      socket.emit("drop", "the room");
      await back;
      await missed;
      equal({ recovered: socket.recovered, id: socket.id }, { recovered: true, id }, "the session");
      equal(heard, ["before", "missed"], "what it heard");
    })());
  } finally {
    socket.disconnect();
  }
}

// stress opens count connections, width at a time, and returns what went wrong.
export async function stress({ io, url, transports, count, width }) {
  const failures = [];
  const worker = async () => {
    while (count-- > 0) {
      try {
        await within(patience, exchange(io, url, transports));
      } catch (e) {
        failures.push(String(e?.stack ?? e));
      }
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return failures;
}

async function exchange(io, url, transports) {
  const socket = dial(io, url, transports, "/stress");
  let sent = 0;
  let received = 0;
  let disorder = "";
  let upgrade = false;
  let stop = false;
  const send = () => socket.emit("tick", ...beat(sent++));
  const stopped = once(socket, "stopped");
  socket.io.engine.once("upgrade", () => (upgrade = true));
  socket.on("connect", () => {
    for (let i = 0; i < 20; i++) send();
  });
  socket.on("tick", (...args) => {
    disorder ||= diff(args, beat(received), `tick ${received}`);
    received++;
    if (stop) return;
    stop = upgrade && received >= 40;
    if (stop) socket.emit("stop", sent);
    else send();
  });
  try {
    const [total, remark] = await stopped;
    equal(remark, "", "events at the server");
    equal(disorder, "", "events at the client");
    equal(received, total, "number of events at the client");
  } finally {
    socket.disconnect();
  }
}

// beat returns the arguments of the n-th tick of a side. Every other one has
// binary, so that a packet is one message or two.
export function beat(n) {
  return [n, n % 2 ? new Uint8Array(n % 300).fill(n & 255) : null];
}

const rows = {
  text: async ({ open }) => {
    const socket = await open();
    for (const text of ["", "hello", 'quotes " and \\ and / and \n', "<b>&amp;</b>"]) await echoes(socket, text);
    await echoes(socket, 1, -2.5, true, null, ["a", []], { k: { v: 0 } });
  },

  unicode: async ({ open }) => {
    const socket = await open();
    await echoes(socket, "äöü ß € 你好 \u2028\u2029 \u0000\u001e\u007f 🎉👩‍👩‍👧 \ufffd");
    await echoes(socket, { "ключ 🔑": "значение" });
  },

  "binary empty": async ({ open }) => echoes(await open(), new Uint8Array(0)),
  "binary 1 byte": async ({ open }) => echoes(await open(), new Uint8Array([255])),
  "binary 1 MB": async ({ open, transports }) => echoes(await open(), pattern(largest(transports))),

  "binary nested": async ({ open }) => {
    const socket = await open();
    const value = { name: "n", parts: [pattern(3), { deep: pattern(300), none: null }], last: pattern(0) };
    await echoes(socket, value, "between", pattern(5));
    equal(await socket.emitWithAck("ack", value), value, "binary in an ack");
  },

  "ack by server": async ({ open }) => {
    const socket = await open();
    equal(await acknowledged(socket, "ack", 1, "two", { three: 3 }), [1, "two", { three: 3 }], "arguments of the ack");
    equal(await acknowledged(socket, "ack"), [], "arguments of the empty ack");
  },

  "ack by client": async ({ open }) => {
    const socket = await open();
    socket.on("question", (question, answer) => answer({ answer: question }));
    equal(await socket.emitWithAck("ask", "why"), { answer: "why" }, "what the server was told");
  },

  "200 acks": async ({ open }) => {
    const socket = await open();
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    const order = [];
    await Promise.all(numbers.map((i) => socket.emitWithAck("ack", i).then((n) => order.push(n))));
    equal(order, numbers, "order of the acks");
  },

  "200 events in order": async ({ open }) => {
    const socket = await open();
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    const order = [];
    const all = new Promise((resolve) => socket.on("echo", (n) => order.push(n) === 200 && resolve()));
    numbers.forEach((n) => socket.emit("echo", n));
    await all;
    equal(order, numbers, "order of the events");
  },

  "5,000 events at once": async ({ open }) => hears(await open(), 5000, "history", () => null),
  "12 pictures at once": async ({ open }) => hears(await open(), 12, "album", (i) => pattern(300_000 + i)),

  "50,000 events at once by the client": async ({ open }) => {
    const socket = await open();
    let gone = 0;
    socket.on("disconnect", () => gone++);
    const n = 20_000; // of this client, which is not the one that is tested
    for (let i = 0; i < n; i++) socket.emit("count", i);
    equal(await socket.emitWithAck("counted", socket.id), n, "what the server got, in order");
    equal(gone, 0, "disconnections");
  },

  farewell: async ({ open }) => {
    const [leaver, witness] = [await open(), await open()];
    const { id } = leaver;
    for (let i = 0; i < 1000; i++) leaver.emit("count", i);
    await leaver.emitWithAck("ack"); // this client does not wait for what it has emitted
    leaver.disconnect();
    await witness.emitWithAck("left", id);
    equal(await witness.emitWithAck("counted", id), 1000, "what the server got before it left");
  },

  heartbeat: async ({ open }) => {
    const socket = await open();
    for (let i = 0; i < 3; i++) await once(socket.io, "ping");
    await echoes(socket, "alive");
  },

  "second namespace": async ({ open }) => {
    const main = await open();
    const second = main.io.socket("/second");
    await connected(second);
    equal(await second.emitWithAck("where"), { namespace: "/second", id: second.id }, "the server's view");
    assert(second.id !== main.id, "a socket has its own id");
    await echoes(second, "hello", pattern(4));
    second.disconnect();
    await echoes(main, "still here");
  },

  "refused namespace": async ({ open }) => {
    const main = await open();
    const refused = main.io.socket("/nowhere");
    const [error] = await once(refused, "connect_error");
    equal(error.message, "Invalid namespace", "the refusal");
    assert(!refused.connected && !refused.active, "no connection is kept or tried again");
    await echoes(main, "still here");
  },

  "middleware refusal": async ({ open }) => {
    const main = await open();
    const guarded = main.io.socket("/guarded", { auth: { token: "wrong" } });
    const [error] = await once(guarded, "connect_error");
    equal(error.message, "not authorized", "the refusal");
    equal(error.data, { code: 401, hint: "ask for a token" }, "data of the refusal");
    guarded.auth = { token: "secret" };
    guarded.connect();
    await connected(guarded);
    await echoes(guarded, "let in");
  },

  "room broadcast": async ({ open }) => {
    const [ann, bob, eve] = [await open(), await open(), await open()];
    const heard = [ann, bob, eve].map((socket) => {
      const log = [];
      for (const name of ["shout", "tell"]) socket.on(name, (text) => log.push(`${name} ${text}`));
      return log;
    });
    const room = `room of ${ann.id}`;
    await ann.emitWithAck("enter", room);
    await bob.emitWithAck("enter", room);
    ann.emit("shout", room, "to all");
    ann.emit("tell", room, "to the others");
    // The answers come after whatever the server sent before them.
    await echoes(ann, "flush");
    await echoes(bob, "flush");
    await echoes(eve, "flush");
    equal(heard, [["shout to all"], ["shout to all", "tell to the others"], []], "what each heard");
  },

  "disconnect by client": async ({ open }) => {
    const [leaver, witness] = [await open(), await open()];
    const id = leaver.id;
    const gone = once(leaver, "disconnect");
    leaver.disconnect();
    equal((await gone)[0], "io client disconnect", "the client's reason");
    assert(!leaver.connected && !leaver.active, "no connection is tried again");
    const reason = await witness.emitWithAck("left", id);
    // The server hears of the socket or of its connection first.
    assert(["client namespace disconnect", "transport close"].includes(reason), `the server's reason: ${reason}`);
  },

  "disconnect by server": async ({ open }) => {
    const [leaver, witness] = [await open(), await open()];
    const id = leaver.id;
    const gone = once(leaver, "disconnect");
    leaver.emit("goodbye");
    equal((await gone)[0], "io server disconnect", "the client's reason");
    assert(!leaver.connected && !leaver.active, "no connection is tried again");
    equal(await witness.emitWithAck("left", id), "server namespace disconnect", "the server's reason");
    leaver.connect();
    await connected(leaver);
    await echoes(leaver, "back");
  },

  "server restart": async ({ open, transports, restart }) => {
    const socket = await open();
    const before = socket.id;
    await echoes(socket, "before");
    const gone = once(socket, "disconnect");
    const back = once(socket, "connect");
    restart();
    const [reason] = await gone;
    assert(["transport close", "transport error"].includes(reason), `the client's reason: ${reason}`);
    assert(socket.active, "the connection is tried again");
    socket.emit("echo", "buffered");
    const buffered = once(socket, "echo");
    await back;
    assert(socket.id !== before, "the new socket has a new id");
    equal(await buffered, ["buffered"], "what was sent meanwhile");
    if (transports.length > 1) await upgraded(socket);
    await echoes(socket, "after", pattern(10));
  },
};

function dial(io, url, transports, namespace, options) {
  return io(url + namespace, { forceNew: true, transports, reconnectionDelay: 100, reconnectionDelayMax: 500, ...options });
}

// once resolves with the arguments of the next event.
function once(emitter, name) {
  return new Promise((resolve) => emitter.once(name, (...args) => resolve(args)));
}

function connected(socket) {
  if (socket.connected) return;
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
}

function upgraded(socket) {
  const { engine } = socket.io;
  if (engine.transport.name === "websocket") return;
  return once(engine, "upgrade");
}

// acknowledged emits and resolves with all arguments of the ack.
function acknowledged(socket, name, ...args) {
  return new Promise((resolve) => socket.emit(name, ...args, (...reply) => resolve(reply)));
}

// hears checks that the rows that the socket asks for come, in order, on one connection.
async function hears(socket, count, ask, data) {
  let gone = 0;
  socket.on("disconnect", () => gone++);
  let got = 0;
  const all = new Promise((resolve, reject) => socket.on("row", (number, bytes) => {
    const difference = diff([number, bytes], [got, data(got)], `row ${got}`);
    if (difference) reject(new Error(difference));
    if (++got === count) resolve();
  }));
  socket.emit(ask, count);
  await all;
  equal(gone, 0, "disconnections");
}

async function echoes(socket, ...args) {
  const back = once(socket, "echo");
  socket.emit("echo", ...args);
  equal(await back, args, "echo");
}

function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`stuck for ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// largest is how much binary fits in one packet: the limit of 1,000,000 bytes
// holds for a WebSocket message and for the body of a request, where it is base64.
function largest(transports) {
  return transports.includes("websocket") ? 999_900 : 749_900;
}

export function pattern(length) {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
}

function assert(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

function equal(got, want, what) {
  const difference = diff(got, want, "");
  if (difference) throw new Error(`${what}: ${difference}`);
}

// diff describes the first difference of two values, "" when there is none.
// Binary is a Buffer in Node, an ArrayBuffer in a page, and a Uint8Array here.
export function diff(got, want, path) {
  const [a, b] = [bytes(got), bytes(want)];
  if (a && b) {
    if (a.length !== b.length) return `${path}: ${a.length} bytes in place of ${b.length}`;
    const at = a.findIndex((byte, i) => byte !== b[i]);
    return at < 0 ? "" : `${path}: byte ${at} is ${a[at]} in place of ${b[at]}`;
  }
  if (a || b || typeof got !== "object" || typeof want !== "object" || !got || !want) {
    return got === want ? "" : `${path}: ${JSON.stringify(got)} in place of ${JSON.stringify(want)}`;
  }
  for (const key of new Set([...Object.keys(got), ...Object.keys(want)])) {
    const found = diff(got[key], want[key], `${path}.${key}`);
    if (found) return found;
  }
  return "";
}

function bytes(value) {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}
