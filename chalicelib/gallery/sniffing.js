// What kind of photograph a file is, told by its first bytes as image_repo_formats/sniffing.py does:
// browsers tell it by the name, and know neither HEIC everywhere nor files without an extension.
const HEAD_BYTES = 32;
const BEGINNINGS = [
  ["\xff\xd8\xff", "image/jpeg"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["II*\x00", "image/tiff"],
  ["MM\x00*", "image/tiff"],
];
const BRANDS = {
  "image/heic": ["heic", "heix", "heim", "heis", "hevc", "hevx"],
  "image/heif": ["mif1", "msf1"],
  "image/avif": ["avif", "avis"],
};
export const TAKEN = "JPEG, PNG, WebP, GIF, HEIC, AVIF and TIFF";

/** @param {Blob} file @returns {Promise<string | null>} its media type; null for no photograph */
export async function mediaType(file) {
  const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const head = String.fromCharCode(...bytes);
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "image/webp";
  if (head.slice(4, 8) === "ftyp") {
    const brand = head.slice(8, 12);
    return Object.keys(BRANDS).find((kind) => BRANDS[kind].includes(brand)) ?? null;
  }
  return BEGINNINGS.find(([start]) => head.startsWith(start))?.[1] ?? null;
}

/**
 * @param {Blob} file
 * @returns {Promise<string | undefined>} its SHA-256; undefined on a host where browsers give no
 * means to compute one: https://developer.mozilla.org/en-US/docs/Web/API/Crypto/subtle
 */
export async function checksum(file) {
  if (!globalThis.crypto?.subtle) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
