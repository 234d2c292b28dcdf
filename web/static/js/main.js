import { $, phase } from "./dom.js";
import { showStatus } from "./status.js";
import { Sidebar } from "./sidebar.js";
import { Timeline } from "./timeline.js";
import { Composer, showWriters } from "./composer.js";
import { Guest, randomID } from "./guest.js";

const gaps = {
  restart: "The server was started again and has forgotten what came before. What you see above is only on this page.",
  trimmed: "More was written meanwhile than the server remembers. Some messages are missing here.",
};

// Decodes like decodeURIComponent, and never throws.
const roomOfPage = () => new URLSearchParams("room=" + location.hash.slice(1)).get("room").trim() || "lobby";

// A key makes a reconnection the same person. It lives as long as the tab.
function keyOfTab() {
  let key = sessionStorage.getItem("chat-key");
  if (!key) {
    key = randomID();
    sessionStorage.setItem("chat-key", key);
  }
  return key;
}

const timeline = new Timeline();
let guest;
const sidebar = new Sidebar((room) => guest?.enter(room));

const view = {
  status: showStatus,
  rooms: (rooms) => sidebar.showRooms(rooms),
  entering(room) {
    location.hash = encodeURIComponent(room);
    document.title = `${room} · chat in JavaScript`;
    sidebar.showRooms(undefined, room);
    timeline.clear(room);
  },
  joined(room, members, me) {
    timeline.opened(room);
    sidebar.showPeople(members, me);
    if (document.body.dataset.phase !== "chat") {
      phase("chat");
      timeline.toBottom();
      $("message-input").focus();
    }
  },
  refused(reason) {
    guest.close();
    guest = undefined;
    phase("welcome");
    $("join-error").textContent = reason;
    $("join-button").disabled = false;
  },
  gap: (gap) => timeline.notice(gap, gaps[gap]),
  presence(members, me, who, left) {
    sidebar.showPeople(members, me);
    if (who) timeline.notice(left ? "left" : "joined", `\u2068${who.name}\u2069 ${left ? "left" : "joined"}`);
  },
  message: (message, mine, state) => timeline.add(message, mine, state),
  progress: (id, change) => timeline.progress(id, change),
  writers: showWriters,
};

new Composer({
  post: (text, picture) => guest?.post(text, picture),
  typing: (active) => guest?.typing(active),
});

window.addEventListener("hashchange", () => guest?.enter(roomOfPage()));

$("join-form").addEventListener("submit", (e) => {
  e.preventDefault();
  const name = $("name-input").value.replace(/\s+/g, " ").trim();
  if (!name) return;
  localStorage.setItem("chat-name", name);
  $("join-error").textContent = "";
  $("join-button").disabled = true;
  guest?.close();
  guest = new Guest(name, keyOfTab(), view);
  guest.connect(roomOfPage());
});

$("name-input").value = localStorage.getItem("chat-name") ?? "";
$("load-progress").hidden = true;
$("join-button").textContent = "Join";
$("join-button").disabled = false;
phase("welcome");
