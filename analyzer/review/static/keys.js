// Keys for people who read all day: j and k walk through queue or turns, u goes back. Everything works without them.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (event.key === "u" && location.pathname.startsWith("/contacts/")) { location.assign("/queue"); return; }
  if (event.key !== "j" && event.key !== "k") return;
  const stops = [...document.querySelectorAll(".queue a, .turn")];
  if (!stops.length) return;
  const here = stops.indexOf(document.activeElement.closest(".queue a, .turn"));
  const next = stops[Math.max(0, Math.min(stops.length - 1, here + (event.key === "j" ? 1 : -1)))];
  if (!next.hasAttribute("href")) next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "center" });
});
