/* The only place where the browser turns a number into text. Each function gives the text of the one of
   the same name in site_builder/formatting.py; tests compare the two. */
"use strict";

Object.assign(bakeoff, (() => {
  const NBSP = "\u00a0";

  /* Sums of floats miss 0 and 1 by a few units in the last place; that is not a rounding question. */
  function exact(value) {
    return Number(value.toFixed(12));
  }

  /* With one decimal. What lies in the middle goes to the even digit in Python, and up here; only
     quarters can lie there. */
  function tenths(size) {
    return (size % 1 === 0.25 ? size - 0.05 : size).toFixed(1);
  }

  /* Percent with one decimal and without the sign, of a part and a whole: never 0 or 100 unless exactly so. */
  function rate(part, whole) {
    const percent = exact(part / whole) * 100;
    return percent > 0 && percent < 100 ? tenths(Math.min(Math.max(percent, 0.1), 99.9)) : percent.toFixed(1);
  }

  function percent(part, whole) {
    return `${rate(part, whole)}${NBSP}%`;
  }

  /* A round percent, with one decimal below 1 %. */
  function share(part, whole) {
    if (part === 0 || part === whole) return `${part ? 100 : 0}${NBSP}%`;
    const value = (100 * part) / whole;
    if (value < 1) return `0.${Math.min(Math.max(Math.floor(value * 10 + 0.5), 1), 9)}${NBSP}%`;
    return `${Math.min(Math.floor(value + 0.5), 99)}${NBSP}%`;
  }

  /* A difference of two rates in percentage points, a small one with a second decimal. */
  function barePoints(value) {
    const size = Math.abs(exact(value));
    const text = !size || size >= 0.0005 ? tenths(size * 100) : Math.max(size * 100, 0.01).toFixed(2);
    return `${size && value < 0 ? "−" : ""}${text}`;
  }

  function signedPoints(value) {
    return `${exact(value) > 0 ? "+" : ""}${barePoints(value)}${NBSP}points`;
  }

  function count(n) {
    return n.toLocaleString("en-US");
  }

  /* A difference of two counts; Python writes none. */
  function signedCount(n) {
    return n ? `${n > 0 ? "+" : "−"}${count(Math.abs(n))}` : "0";
  }

  return { barePoints, count, percent, rate, share, signedCount, signedPoints };
})());
