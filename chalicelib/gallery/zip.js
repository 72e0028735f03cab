// Files as one archive, stored as they are: photographs are compressed already.
// The format: PKWARE, APPNOTE.TXT, 4.3 to 4.5; names are in UTF-8 (bit 11).

const LOCAL = 0x04034b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const UTF_8 = 1 << 11;
export const MOST_BYTES = 2 ** 32 - 1; // of an archive whose places are told in 32 bits
export const MOST_FILES = 2 ** 16 - 1;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let code = byte;
  for (let bit = 0; bit < 8; bit += 1) code = code & 1 ? (code >>> 1) ^ 0xedb88320 : code >>> 1;
  return code;
});

/** @param {Uint8Array} bytes */
export function crc32(bytes) {
  let code = 0xffffffff;
  for (const byte of bytes) code = (code >>> 8) ^ TABLE[(code ^ byte) & 0xff];
  return (code ^ 0xffffffff) >>> 0;
}

/** An archive to which files are added one after another; what it holds stays with the browser, not in the page's memory. */
export class Archive {
  /** @type {BlobPart[]} */ #parts = [];
  /** @type {Uint8Array[]} */ #entries = [];
  #size = 0;
  #names = new Set();

  /** @param {string} name @param {Blob} content @param {Date} modified */
  async add(name, content, modified) {
    const written = new TextEncoder().encode(this.#unique(name));
    const told = { crc: crc32(new Uint8Array(await content.arrayBuffer())), size: content.size, length: written.length, modified };
    const local = [bytes([[4, LOCAL], ...facts(told)]), written];
    this.#entries.push(bytes([[4, ENTRY], [2, VERSION], ...facts(told), [2, 0], [2, 0], [2, 0], [4, 0], [4, this.#size]]), written);
    this.#parts.push(...local, content);
    this.#size += local[0].length + written.length + content.size;
  }

  /** @returns {Blob} */
  whole() {
    const length = this.#entries.reduce((sum, entry) => sum + entry.length, 0);
    const count = this.#entries.length / 2;
    const end = bytes([[4, END], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, this.#size], [2, 0]]);
    return new Blob([...this.#parts, ...this.#entries, end], { type: "application/zip" });
  }

  /** "a.jpg", and "a (2).jpg" for the second of that name. */
  #unique(name) {
    const dot = name.lastIndexOf(".");
    const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let other = name;
    for (let number = 2; this.#names.has(other.toLowerCase()); number += 1) other = `${stem} (${number})${end}`;
    this.#names.add(other.toLowerCase());
    return other;
  }
}

/** What both headers of a file say of it. */
const facts = ({ crc, size, length, modified }) => [[2, VERSION], [2, UTF_8], [2, 0], ...moment(modified), [4, crc], [4, size], [4, size], [2, length], [2, 0]];

/** A time as MS-DOS had it, which begins in 1980 and counts every other second. */
function moment(time) {
  const year = Math.max(1980, Math.min(2107, time.getFullYear()));
  const clock = (time.getHours() << 11) | (time.getMinutes() << 5) | (time.getSeconds() >> 1);
  return [[2, clock], [2, ((year - 1980) << 9) | ((time.getMonth() + 1) << 5) | time.getDate()]];
}

/** Numbers of so many bytes each, the lowest first. @param {number[][]} fields */
function bytes(fields) {
  const written = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(written.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return written;
}
