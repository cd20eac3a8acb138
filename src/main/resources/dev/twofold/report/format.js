"use strict";

/* Numbers and elements as the page shows them. */

const MINUS = "\u2212";
const NONE = "\u2013";

/** The number, or null if it is none: JSON has no infinity, and a plan may have a loss beyond it. */
const finite = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

const list = (value) => (Array.isArray(value) ? value : []);

const signed = (text) => text.replace("-", MINUS);

/** 1234567 as 1,234,567, whatever the reader's language. */
const count = (value) => (finite(value) === null ? NONE : value.toLocaleString("en-US"));

/** Three significant digits and more where the number is large: 0.0123, 1.23, 123. */
function number(value, digits = 3) {
  if (finite(value) === null) return NONE;
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-5)) return signed(value.toExponential(digits - 1));
  if (size >= 10 ** digits) return signed(Math.round(value).toLocaleString("en-US"));
  return signed(String(Number(value.toPrecision(digits))));
}

const fixed = (value, digits) => (finite(value) === null ? NONE : signed(value.toFixed(digits)));

const withSign = (text) => (text.startsWith(MINUS) || text === NONE ? text : "+" + text);

/** A part of one as a percentage, without a sign for what is not below zero. */
function percent(value) {
  if (finite(value) === null) return NONE;
  const hundred = value * 100;
  const size = Math.abs(hundred);
  if (size >= 1e6) return signed(hundred.toExponential(1)) + "%";
  if (size >= 1000) return signed(Math.round(hundred).toLocaleString("en-US")) + "%";
  const text = hundred.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
  return signed(Number(text) === 0 ? text.replace("-", "") : text) + "%";
}

const increase = (value) => withSign(percent(value));

const nats = (value) => withSign(fixed(value, Math.abs(value) < 10 ? 4 : 1));

const limit = (value) => String(Number((value * 100).toPrecision(3))) + "%";

/** 12860672 as 12.9 M. */
function abbreviated(value) {
  if (finite(value) === null) return NONE;
  for (const [size, unit] of [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ]) {
    if (value >= size) return String(Number((value / size).toPrecision(3))) + " " + unit;
  }
  return String(value);
}

/** A change against the unpaired model, as a percentage; nothing if there is none. */
function change(value, original) {
  if (finite(value) === null || !finite(original) || value === original) return "";
  return withSign(signed(((value / original - 1) * 100).toFixed(0))) + "%";
}

/** Layers that run side by side: 4-5. */
const range = (layers) => layers[0] + "\u2011" + layers[layers.length - 1];

const sameSize = (groups) => groups.every((group) => group.length === groups[0].length);

/** Groups as the command line writes them; a long unbroken run of equal groups only by its ends. */
function groups(pairs) {
  const runs = [];
  for (const group of list(pairs)) {
    const run = runs[runs.length - 1];
    const last = run && run[run.length - 1];
    if (last && last[last.length - 1] + 1 === group[0] && sameSize([last, group])) run.push(group);
    else runs.push([group]);
  }
  const text = (run) =>
    run.length < 5
      ? run.map(range).join(", ")
      : `${range(run[0])}, ${range(run[1])} \u2026 ${range(run[run.length - 1])}`;
  return runs.map(text).join(", ") || "none";
}

/** An element; strings among its children become text, never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

const byId = (id) => document.getElementById(id);

/** A name from the document, kept apart from the direction of the text around it. */
const name = (text) => element("bdi", {}, String(text ?? ""));
