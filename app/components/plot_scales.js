// Numbers, colours and axes of the plot; nothing here draws.
const LEFT = 58, BOTTOM = 46, TOP = 8, BAR = 92, EDGE = 14, HIT = 10, RIM = 14, LEAST = 250;

function decode(text, Type) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Type(bytes.buffer);
}

function mix(stops, t) {
  const p = Math.max(0, Math.min(1, t)) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(p));
  const part = (hex, k) => parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16);
  const c = [0, 1, 2].map((k) => Math.round(part(stops[i], k) + (p - i) * (part(stops[i + 1], k) - part(stops[i], k))));
  return `rgb(${c.join(",")})`;
}

function minus(text) { return text.replace("-", "−"); }

function linearTicks(a, b, target) {
  const raw = (b - a) / Math.max(1, target), mag = 10 ** Math.floor(Math.log10(raw));
  const step = mag * [1, 2, 5, 10].find((m) => m * mag >= raw * 0.9999);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), found = [];
  for (let v = Math.ceil(a / step - 1e-9) * step; v <= b + 1e-9 * step; v += step) {
    found.push([v, minus((Math.abs(v) < step / 1e6 ? 0 : v).toFixed(digits))]);
  }
  return found;
}

// An axis is linear, or linear near zero and logarithmic beyond (asinh), so that ±0.1 and ±100 are both readable.
class Axis {
  constructor(linear) { this.linear = linear || 0; }

  warp(v) { return this.linear ? Math.asinh(v / this.linear) : v; }

  unwarp(v) { return this.linear ? this.linear * Math.sinh(v) : v; }

  // [value, text] between two warped ends, at most `target` of them.
  ticks(a, b, target) {
    if (!this.linear) return linearTicks(a, b, target);
    const low = this.unwarp(a), high = this.unwarp(b), reach = Math.max(Math.abs(low), Math.abs(high));
    if (reach < 3 * this.linear) return linearTicks(low, high, target);
    const found = [[0, "0"]];
    for (let k = Math.round(Math.log10(this.linear)); 10 ** k <= reach; k++) {
      for (const s of [-1, 1]) found.push([s * 10 ** k, minus(String(Number((s * 10 ** k).toPrecision(1))))]);
    }
    const inside = found.filter(([v]) => v >= low && v <= high).sort((p, q) => p[0] - q[0]);
    return inside.length > 2 * target ? inside.filter((_, i) => i % 2 === 0) : inside;
  }
}
