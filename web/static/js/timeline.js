import { $, stamp, part, flag } from "./dom.js";
import { paint } from "./avatar.js";

const nearBottom = 80; // pixels
const together = 5 * 60_000; // milliseconds between messages that share a head

const labels = {
  waiting: () => "Waiting for a connection",
  sent: (d) => (d.others ? `Sent, shown to ${d.got} of ${d.others}` : "Sent"),
  delivered: (d) => (d.others === 1 ? "Delivered" : `Delivered to all ${d.others}`),
  failed: () => "Not sent",
};

export class Timeline {
  constructor() {
    this.items = new Map(); // id of a message to its element
    this.urls = [];
    $("newer").addEventListener("click", () => this.toBottom());
    $("scroller").addEventListener("scroll", () => {
      if (this.atBottom()) $("newer").hidden = true;
    }, { passive: true });
  }

  clear(room) {
    this.urls.forEach(URL.revokeObjectURL);
    this.urls = [];
    this.items.clear();
    $("timeline").replaceChildren();
    delete $("timeline").dataset.room;
    $("room-title").textContent = room;
    $("newer").hidden = true;
    $("empty").textContent = "Opening the room…";
  }

  opened(room) {
    $("timeline").dataset.room = room;
    $("empty").textContent = "Nothing written yet. Say something.";
  }

  // add shows a message: { id, seq, from, at, text, picture }, and whose it is.
  add(message, mine, state) {
    const stay = this.atBottom();
    const item = stamp("message-template");
    item.dataset.id = message.id;
    flag(item, "data-mine", mine);
    item.dataset.author = message.from.id;
    item.dataset.at = message.at;
    paint(part(item, "avatar"), message.from);
    part(item, "author").textContent = message.from.name;
    part(item, "text").textContent = message.text;
    part(item, "text").hidden = message.text === "";
    if (message.picture) this.picture(part(item, "picture"), message.picture, stay);
    this.items.set(message.id, item);
    this.progress(message.id, { ...message, state });
    this.append(item, stay || mine);
    const before = item.previousElementSibling?.dataset;
    flag(item, "data-follows", before?.author === message.from.id && message.at - before.at < together);
  }

  picture(img, picture, stay) {
    const url = URL.createObjectURL(new Blob([picture.data], { type: picture.type }));
    this.urls.push(url);
    img.hidden = false;
    img.alt = picture.name || "Picture";
    img.width = picture.width;
    img.height = picture.height;
    img.addEventListener("load", () => stay && this.toBottom(), { once: true });
    img.addEventListener("error", () => img.setAttribute("data-broken", ""), { once: true });
    img.src = url;
  }

  // progress shows what became of a message: { state, seq, at, got, others, reason }.
  progress(id, change) {
    const item = this.items.get(id);
    if (!item) return;
    if (change.seq) item.dataset.seq = change.seq;
    if (change.at) {
      const at = new Date(change.at);
      part(item, "time").textContent = at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
      part(item, "time").dateTime = at.toISOString();
    }
    if (!change.state) return;
    item.dataset.state = change.state;
    const label = labels[change.state](change);
    part(item, "ticks").title = label;
    part(item, "ticks").ariaLabel = label;
    part(item, "reason").textContent = change.reason ? `Not sent: ${change.reason}.` : "";
  }

  notice(kind, text) {
    const stay = this.atBottom();
    const item = stamp("notice-template");
    item.dataset.kind = kind;
    item.textContent = text;
    this.append(item, stay);
  }

  // append keeps what waits to be sent last.
  append(item, follow) {
    const waiting = "[data-state=waiting]";
    $("timeline").insertBefore(item, item.matches(waiting) ? null : $("timeline").querySelector(waiting));
    if (follow) this.toBottom();
    else $("newer").hidden = false;
  }

  atBottom() {
    const s = $("scroller");
    return s.scrollHeight - s.scrollTop - s.clientHeight < nearBottom;
  }

  toBottom() {
    $("scroller").scrollTop = $("scroller").scrollHeight;
    $("newer").hidden = true;
  }
}
