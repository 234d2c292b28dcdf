// initial is the first character of a name as people count characters.
const initial = (name) => {
  const first = new Intl.Segmenter().segment(name)[Symbol.iterator]().next();
  return first.done ? "?" : first.value.segment.toUpperCase();
};

// paint gives a person one of eight colours, the same for everybody who sees them.
export function paint(element, member) {
  element.textContent = initial(member.name);
  element.dataset.tone = parseInt(member.id.slice(0, 2), 16) % 8;
}
