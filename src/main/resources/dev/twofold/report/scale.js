/* A symmetric logarithmic scale: linear near zero, logarithmic beyond, so that one value a thousand times the others
   leaves them readable, and values below zero have a place. */

/**
 * The scale for some values; its threshold is the power of ten below their median size.
 *
 * @param more values that it must reach, but that do not set the threshold
 * @param dense whether there is room for marks between the powers of ten
 */
function symmetricLog(values, more = [], dense = true) {
  const sizes = values
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort((a, b) => a - b);
  const median = sizes.length ? sizes[Math.floor(sizes.length / 2)] : 1e-3;
  const threshold = 10 ** Math.min(-2, Math.max(-6, Math.floor(Math.log10(median))));
  const to = (value) => Math.sign(value) * Math.log10(1 + Math.abs(value) / threshold);
  const from = (place) => Math.sign(place) * (10 ** Math.abs(place) - 1) * threshold;
  const low = Math.min(0, ...values, ...more);
  const high = Math.max(threshold, ...values, ...more);
  return { threshold, to, from, low, high, ticks: ticks(low, high, threshold, dense) };
}

/** Zero, and 1, 3, 10, 30 ... times the threshold: threes only where there is room, eight decades at most. */
function ticks(low, high, threshold, dense) {
  const decades = Math.log10(Math.max(high, -low) / threshold);
  const step = 10 ** Math.max(1, Math.ceil(decades / 7));
  const factors = dense && decades <= 3.2 ? [1, 3] : [1];
  const marks = [0];
  for (let size = threshold; size <= Math.max(high, -low) * 10; size *= step) {
    for (const factor of factors) {
      const mark = Number((size * factor).toPrecision(1));
      if (mark <= high * 1.5) marks.push(mark);
      if (mark <= -low * 1.5) marks.unshift(-mark);
    }
  }
  return marks;
}

/** The axis of ECharts for a scale; label turns a value into text. */
function scaleAxis(theme, scale, title, label) {
  const places = scale.ticks.map(scale.to);
  const room = (scale.to(scale.high) - scale.to(scale.low)) * 0.06;
  return {
    type: "value",
    name: title,
    min: Math.min(places[0], scale.to(scale.low) - (scale.low < 0 ? room : 0)),
    max: Math.max(places[places.length - 1], scale.to(scale.high) + room),
    axisTick: { show: false, customValues: places },
    axisLabel: { customValues: places, formatter: (place) => label(scale.from(place)), color: theme.muted },
    axisLine: { show: false, onZero: false },
    splitLine: { lineStyle: { color: theme.rule } },
    nameTextStyle: { color: theme.muted },
  };
}

const riseTick = (value) => (value ? withSign(signed(limit(value))) : "0");

const natsTick = (value) => (value ? withSign(number(value)) : "0");
