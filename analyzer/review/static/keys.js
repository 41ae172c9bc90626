// Keys for people who read all day: j and k walk through queue or turns, x marks, u goes back to the list as it was.
// Everything works without them.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (event.target.tagName === "INPUT" && event.target.type !== "checkbox") return;
  if (event.key === "u" && location.pathname.startsWith("/contacts/")) { location.assign("/queue/back"); return; }
  if (event.key === "x") {
    const box = document.activeElement.closest(".queue li")?.querySelector("input[type=checkbox]");
    if (box) box.checked = !box.checked;
    return;
  }
  if (event.key !== "j" && event.key !== "k") return;
  const stops = [...document.querySelectorAll(".queue a, .turn")];
  if (!stops.length) return;
  const item = document.activeElement.closest(".queue li, .turn");
  const here = stops.indexOf(item && item.matches("li:not(.turn)") ? item.querySelector("a") : item);
  const next = stops[Math.max(0, Math.min(stops.length - 1, here + (event.key === "j" ? 1 : -1)))];
  if (!next.hasAttribute("href")) next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "center" });
});
// Where the places slide in one line, the one that is open is in sight.
document.querySelector(".places [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
// What htmx could not send or the server refused is said aloud; the page stays as it was.
const problem = () => document.getElementById("problem");
document.addEventListener("htmx:beforeRequest", () => { problem().textContent = ""; });
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => { problem().textContent = problem().dataset.text; });
}
document.addEventListener("htmx:responseError", (event) => {
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const said = answer.querySelector("main [role=alert]") || answer.querySelector("h1");
  problem().textContent = said ? said.textContent : problem().dataset.text;
});
