import { io } from "../built/socket.io.esm.min.js";

const replyTimeout = 10_000; // milliseconds
const latencyPeriod = 5_000;

// Guest is a person's side of the chat, without the page: it joins the room again
// after every reconnection, keeps what was written until the server has it, and
// tells a view what to show. Its twin is the Go package web/chat/guest.
export class Guest {
  constructor(name, key, view) {
    this.name = name;
    this.key = key;
    this.view = view;
    this.me = { id: "", name };
    this.room = "";
    this.outbox = []; // drafts the server may not have, oldest first
    this.status = { state: "connecting" };
    this.socket = io({ autoConnect: false });
    this.listen();
  }

  connect(room) {
    this.enter(room);
    this.socket.connect();
    this.timer = setInterval(() => this.measure(), latencyPeriod);
  }

  close() {
    clearInterval(this.timer);
    this.socket.disconnect();
  }

  listen() {
    const { socket, view } = this;
    socket.io.on("open", () => {
      const { engine } = socket.io;
      this.link = { transport: engine.transport.name, upgraded: false };
      engine.once("upgrade", (transport) => {
        this.link = { transport: transport.name, upgraded: true };
        if (socket.connected) this.report({ ...this.status, ...this.link });
      });
    });
    socket.on("connect", () => {
      this.report({ state: "connected", ...this.link });
      this.measure();
      this.join();
    });
    socket.on("disconnect", (reason) => {
      this.joined = false;
      this.report({ state: "reconnecting" });
      if (!socket.active) view.refused(`The server ended the connection (${reason}).`);
    });
    socket.io.on("reconnect_attempt", (attempt) => this.report({ state: "reconnecting", attempt }));
    window.addEventListener("offline", () => this.report(this.status));
    window.addEventListener("online", () => this.report(this.status));

    socket.on("rooms", (rooms) => view.rooms(rooms));
    socket.on("presence", (p) => this.presence(p));
    socket.on("typed", (w) => this.typed(w));
    socket.on("posted", (message) => this.receive(message));
    socket.on("delivered", (delivery) => this.delivered(delivery));
  }

  report(status) {
    this.status = status;
    const offline = !navigator.onLine && status.state !== "connected";
    this.view.status(offline ? { state: "offline" } : status);
  }

  async measure() {
    if (!this.socket.connected) return;
    const start = performance.now();
    try {
      await this.socket.timeout(replyTimeout).emitWithAck("latency");
      const latency = Math.round(performance.now() - start);
      if (this.status.state === "connected") this.report({ ...this.status, latency });
    } catch {
      // The status line tells of a lost connection.
    }
  }

  enter(room) {
    if (room === this.room) return;
    this.room = room;
    this.joined = false;
    this.early = [];
    this.cursor = { run: "", seq: 0 };
    this.ahead = new Set();
    this.seen = new Set();
    this.members = [];
    this.absent = new Map();
    this.writers = new Map();
    this.view.entering(room);
    this.view.writers([]);
    if (this.socket.connected) this.join();
  }

  async join() {
    const { room, socket } = this;
    const id = socket.id;
    const request = { room, name: this.name, key: this.key, after: this.cursor };
    let reply;
    try {
      reply = await socket.timeout(replyTimeout).emitWithAck("join", request);
    } catch {
      // Without an answer: again, unless the next connection will or another room was chosen.
      if (socket.connected && socket.id === id && room === this.room) this.join();
      return;
    }
    if (room !== this.room || socket.id !== id) return;
    if (reply.error) {
      this.view.refused(sentence(reply.error.message));
      return;
    }
    this.enterJoined(reply);
  }

  enterJoined(joined) {
    const { view } = this;
    const before = new Map(this.members.map((m) => [m.id, m]));
    joined.members.forEach((m) => before.delete(m.id));
    this.absent = before; // who was here before the connection was lost: their return is no news
    this.joined = true;
    this.me = joined.you;
    this.members = joined.members;
    if (joined.cursor.run !== this.cursor.run) {
      this.cursor = { run: joined.cursor.run, seq: 0 };
      this.ahead.clear();
    }
    view.joined(this.room, this.members, this.me);
    if (joined.gap) view.gap(joined.gap);
    this.cursor.seq = Math.max(this.cursor.seq, joined.cursor.seq);
    this.early.splice(0).forEach((m) => this.show(m));
    this.outbox.filter((d) => d.room === this.room).forEach((d) => this.showDraft(d));
    this.flush();
  }

  presence({ room, members, who, left }) {
    if (room !== this.room || !this.joined) return;
    this.members = members;
    if (left) this.writers.delete(who.id);
    const returned = !left && this.absent.delete(who.id);
    this.view.presence(members, this.me, returned || who.id === this.me.id ? null : who, left);
    this.view.writers([...this.writers.values()]);
  }

  typed({ room, from, active }) {
    if (room !== this.room) return;
    if (active) this.writers.set(from.id, from.name);
    else this.writers.delete(from.id);
    this.view.writers([...this.writers.values()]);
  }

  receive(message) {
    if (message.room !== this.room) return;
    if (!this.joined) this.early.push(message);
    else this.show(message);
  }

  show(message) {
    this.follow(message.seq);
    if (this.seen.has(message.id)) return;
    this.seen.add(message.id);
    if (this.writers.delete(message.from.id)) this.view.writers([...this.writers.values()]);
    const mine = message.from.id === this.me.id;
    this.view.message(message, mine, "sent");
    if (!mine) this.socket.emit("shown", message.id);
  }

  // follow moves the cursor over the messages that have come without a gap. A
  // receipt may overtake the message before it.
  follow(seq) {
    if (seq > this.cursor.seq) this.ahead.add(seq);
    while (this.ahead.delete(this.cursor.seq + 1)) this.cursor.seq++;
  }

  post(text, picture) {
    const draft = { id: randomID(), room: this.room, text };
    if (picture) draft.picture = picture;
    this.outbox.push(draft);
    this.showDraft(draft);
    this.flush();
  }

  showDraft(draft) {
    if (this.seen.has(draft.id)) return;
    this.seen.add(draft.id);
    const message = { ...draft, seq: 0, from: this.me, at: Date.now() };
    this.view.message(message, true, "waiting");
  }

  // flush sends the drafts one after the other, so that they stay in order. A draft
  // leaves the outbox with its reply; the server knows one that it gets twice.
  async flush() {
    if (this.flushing) return;
    this.flushing = true;
    while (this.joined && this.outbox.length > 0) {
      const [draft] = this.outbox;
      let reply;
      try {
        const { id, room, text, picture } = draft;
        reply = await this.socket.timeout(replyTimeout).emitWithAck("post", { id, room, text, picture });
      } catch {
        continue; // not joined any more, or again
      }
      this.outbox.shift();
      if (reply.error) {
        this.view.progress(draft.id, { state: "failed", reason: reply.error.message });
        continue;
      }
      if (draft.room === this.room) this.follow(reply.seq);
      this.view.progress(draft.id, { ...reply, ...progress(draft.delivery ?? { got: 0, others: reply.others }) });
    }
    this.flushing = false;
  }

  // delivered may overtake the reply to the post it tells of.
  delivered(delivery) {
    const [draft] = this.outbox;
    if (draft?.id === delivery.id) draft.delivery = delivery;
    else this.view.progress(delivery.id, progress(delivery));
  }

  typing(active) {
    if (this.joined) this.socket.emit("typing", active);
  }
}

// randomID is crypto.randomUUID for pages without TLS as well.
export const randomID = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

const progress = ({ got, others }) => ({ state: others > 0 && got === others ? "delivered" : "sent", got, others });

const sentence = (s) => s[0].toUpperCase() + s.slice(1) + ".";
