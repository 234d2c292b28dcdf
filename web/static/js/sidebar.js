import { $, stamp, part, flag } from "./dom.js";
import { paint } from "./avatar.js";

export class Sidebar {
  constructor(enter) {
    this.current = "";
    this.rooms = [];
    $("rooms").addEventListener("click", (e) => {
      const button = e.target.closest("button[data-room]");
      if (button) enter(button.dataset.room);
      this.open(false);
    });
    $("room-form").addEventListener("submit", (e) => {
      e.preventDefault();
      const name = $("room-input").value.replace(/\s+/g, " ").trim();
      if (name) enter(name);
      $("room-input").value = "";
      this.open(false);
    });
    $("side-toggle").addEventListener("click", () => this.open($("side-toggle").ariaExpanded !== "true"));
    $("shade").addEventListener("click", () => this.open(false));
    document.addEventListener("keydown", (e) => {
      if (e.key === "Escape" && $("side-toggle").ariaExpanded === "true") {
        this.open(false);
        $("side-toggle").focus();
      }
    });
  }

  // open shows or hides the side on narrow pages; wide ones always show it.
  open(yes) {
    $("side-toggle").ariaExpanded = String(yes);
    flag(document.body, "data-side", yes && "open");
    if (yes) $("rooms").querySelector("button")?.focus();
  }

  showRooms(rooms = this.rooms, current = this.current) {
    this.rooms = rooms;
    this.current = current;
    $("rooms").replaceChildren(...rooms.map((room) => {
      const item = stamp("room-template");
      const button = item.firstElementChild;
      button.dataset.room = room.name;
      flag(button, "aria-current", room.name === current);
      part(item, "name").textContent = room.name;
      part(item, "count").textContent = room.people || "";
      part(item, "count").title = room.people === 1 ? "1 person" : `${room.people} people`;
      return item;
    }));
  }

  showPeople(members, me) {
    $("people-count").textContent = members.length;
    $("room-summary").textContent = members.length === 1 ? "Only you" : `${members.length} people`;
    $("people").replaceChildren(...members.map((member) => {
      const item = stamp("person-template");
      item.dataset.member = member.id;
      flag(item, "data-me", member.id === me.id);
      paint(part(item, "avatar"), member);
      part(item, "name").textContent = member.name;
      part(item, "you").hidden = member.id !== me.id;
      return item;
    }));
  }
}
