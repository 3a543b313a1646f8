"use strict";
// The cursor with the values at its time, the legend, and the themes.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const svg = document.querySelector("svg");
  const time = document.getElementById("time");
  const themeButton = document.getElementById("theme");
  const root = document.documentElement;
  const keys = [...svg.querySelectorAll(".key")];
  const lineOf = (key) => data.panels[key.dataset.panel].lines[key.dataset.line];
  const shapeOf = (key) =>
    svg.querySelector(`.line[data-panel="${key.dataset.panel}"][data-line="${key.dataset.line}"]`);

  const setTheme = (theme) => {
    root.dataset.theme = theme;
    themeButton.textContent = `Theme: ${theme}`;
  };
  if (matchMedia("(prefers-color-scheme: dark)").matches) setTheme("dark");
  themeButton.addEventListener("click", () => setTheme(root.dataset.theme === "dark" ? "light" : "dark"));

  // One cursor in all panels.
  const cursors = data.panels.map((panel) => {
    const line = document.createElementNS(svg.namespaceURI, "line");
    const [, y, , height] = panel.frame;
    line.setAttribute("class", "cursor");
    line.setAttribute("y1", y);
    line.setAttribute("y2", y + height);
    line.style.display = "none";
    svg.append(line);
    return line;
  });
  for (const key of keys) {
    const value = key.querySelector(".value");
    if (value) value.dataset.mean = value.textContent;
  }

  // The value that holds at a time: a rate is of the interval that ends at its own time.
  const valueAt = (line, at) => {
    let low = 0;
    let high = line.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (line.times[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low < line.values.length ? line.values[low] : null;
  };
  const digits = (value) => (value === 0 ? "0" : Math.abs(value) < 0.001 ? "<0.001" : String(Number(value.toPrecision(3))));
  const clock = (at) => {
    if (data.isRelative) return `${((data.first + at) / 1000).toFixed(3)} s`;
    return new Date(data.first + data.offset + at).toISOString().replace("T", " ").slice(0, 23);
  };

  let position = null;
  const show = (at) => {
    position = at;
    for (const [number, panel] of data.panels.entries()) {
      const [x, , width] = panel.frame;
      const place = x + (width * at) / data.length;
      cursors[number].style.display = at === null ? "none" : "";
      cursors[number].setAttribute("x1", place);
      cursors[number].setAttribute("x2", place);
    }
    for (const key of keys) {
      const text = key.querySelector(".value");
      if (!text) continue;
      const value = at === null ? null : valueAt(lineOf(key), at);
      text.textContent = at === null ? text.dataset.mean : value === null ? "-" : digits(value);
    }
    time.textContent = at === null ? "" : clock(at);
  };
  svg.addEventListener("pointermove", (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const [x, , width] = data.panels.length ? data.panels[0].frame : [0, 0, 0];
    const part = (point.x - x) / width;
    show(part < 0 || part > 1 ? null : part * data.length);
  });
  svg.addEventListener("pointerleave", () => show(null));

  // A click on the legend shows only this line; with Ctrl it switches the line on or off.
  const refresh = () => {
    for (const key of keys) {
      const isOff = key.getAttribute("aria-pressed") === "false";
      key.classList.toggle("is-off", isOff);
      shapeOf(key)?.classList.toggle("is-off", isOff);
    }
  };
  const choose = (key, isToggle) => {
    const others = keys.filter((other) => shapeOf(other) && other.dataset.panel === key.dataset.panel && other !== key);
    const isOn = (other) => other.getAttribute("aria-pressed") !== "false";
    if (isToggle) {
      key.setAttribute("aria-pressed", String(!isOn(key)));
    } else {
      const isAlone = isOn(key) && !others.some(isOn);
      key.setAttribute("aria-pressed", "true");
      for (const other of others) other.setAttribute("aria-pressed", String(isAlone));
    }
    refresh();
  };
  for (const key of keys) {
    if (!shapeOf(key)) continue;
    key.setAttribute("tabindex", "0");
    key.setAttribute("role", "button");
    key.setAttribute("aria-pressed", "true");
    key.setAttribute("aria-label", lineOf(key).label);
    key.addEventListener("click", (event) => choose(key, event.ctrlKey || event.metaKey));
    key.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(key, event.ctrlKey || event.metaKey);
      }
    });
  }

  // Arrows move the cursor, brackets move it to events.
  document.addEventListener("keydown", (event) => {
    const step = data.length / 200;
    const at = position ?? 0;
    if (event.key === "ArrowRight") show(Math.min(data.length, at + step));
    else if (event.key === "ArrowLeft") show(Math.max(0, at - step));
    else if (event.key === "]") show(data.events.find((time) => time > at) ?? at);
    else if (event.key === "[") show(data.events.findLast((time) => time < at) ?? at);
    else if (event.key === "Escape") show(null);
  });
})();
