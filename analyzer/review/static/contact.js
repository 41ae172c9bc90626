// The page of a contact: words that are selected can be marked, everything has a key, and after an answer was saved in
// place the focus stays where the reader was. Without this script the same forms are sent plainly.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const length = (text) => [...text].length; // code points, as the server counts
  let back = "";

  // Where a selection lies: the turn whose words were chosen, and their place in its text; null for any other.
  const chosen = () => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const element = range.startContainer.nodeType === Node.TEXT_NODE ? range.startContainer.parentElement : range.startContainer;
    const text = element.closest(".turn .text");
    if (!text || !text.contains(range.endContainer)) return null;
    const before = range.cloneRange();
    before.selectNodeContents(text);
    before.setEnd(range.startContainer, range.startOffset);
    const words = range.toString();
    const start = length(before.toString()) + length(words) - length(words.trimStart());
    return words.trim() ? { turn: text.closest(".turn"), words: words.trim(), start, end: start + length(words.trim()) } : null;
  };

  const put = (panel, name, value) => {
    for (const field of panel.querySelectorAll(`input[name="${name}"]`)) field.value = value;
  };

  const offer = () => {
    const found = chosen();
    if (!found) return;
    for (const old of document.querySelectorAll(".marking")) old.remove();
    const template = byId(`marking-${found.turn.dataset.speaker}`);
    if (!template) return;
    const panel = template.content.cloneNode(true).querySelector(".marking");
    panel.querySelector("q").textContent = found.words;
    put(panel, "turn", found.turn.dataset.turn);
    put(panel, "start_char", found.start);
    put(panel, "end_char", found.end);
    put(panel, "words", found.words);
    for (const form of panel.querySelectorAll("form")) form.dataset.back = found.turn.id;
    panel.querySelector(".dismiss").addEventListener("click", () => { panel.remove(); found.turn.focus(); });
    found.turn.querySelector(".text").after(panel);
    window.htmx?.process(panel);
  };
  document.addEventListener("mouseup", (event) => { if (!event.target.closest(".panel")) setTimeout(offer); });
  document.addEventListener("touchend", (event) => { if (!event.target.closest(".panel")) setTimeout(offer); });
  document.addEventListener("keyup", (event) => { if (event.shiftKey && event.key.startsWith("Arrow")) offer(); });

  // After an answer: the note that was saved is empty, all others stay as they are, and the focus goes on.
  document.addEventListener("htmx:beforeRequest", (event) => { back = event.target.dataset.back || ""; });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const note = event.detail.requestConfig?.elt.querySelector?.("textarea[hx-preserve]");
    if (note && event.detail.shouldSwap) note.value = "";
  });
  document.addEventListener("htmx:afterSettle", () => {
    const goal = byId(back) || (back === "ask" && byId("answers"));
    if (goal) goal.focus({ preventScroll: false });
    back = "";
  });

  // An answer that was sent plainly, as by a key pressed before htmx had taken up the new form, leads on as well.
  if (location.hash.startsWith("#q-")) byId("ask")?.focus();
  else if (location.hash === "#answers") byId("answers")?.focus();

  const writing = (target) => /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  const keys = {
    a: () => (byId("ask") || byId("answers")).focus(),
    n: () => byId("note")?.focus(),
    z: () => [...document.querySelectorAll(".undo button")].pop()?.focus(),
    c: () => document.activeElement.closest(".turn")?.querySelector(".act a")?.click(),
    "?": () => { const help = byId("keys"); help.open = !help.open; help.querySelector("summary").focus(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    const answers = /^[1-6]$/.test(event.key) && document.activeElement.closest(".question");
    const button = answers && answers.querySelectorAll("fieldset button")[Number(event.key) - 1];
    if (button) button.click();
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });
})();
