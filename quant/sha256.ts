// SHA-256 (FIPS 180-4) in plain arithmetic, for code that may not reach the platform's. About 200
// MB/s: for names and ids; bulk data is hashed by the platform's own in infra.

// First 32 bits of the fractional parts of the square roots of the first 8 primes.
// biome-ignore format: a table
const INITIAL = [
  0x6a09e667,  0xbb67ae85,  0x3c6ef372,  0xa54ff53a,  0x510e527f,  0x9b05688c,  0x1f83d9ab,  0x5be0cd19,
];
// The same of the cube roots of the first 64 primes.
// biome-ignore format: a table
const ROUNDS = Int32Array.from([
  0x428a2f98,  0x71374491,  0xb5c0fbcf,  0xe9b5dba5,  0x3956c25b,  0x59f111f1,  0x923f82a4,  0xab1c5ed5,
  0xd807aa98,  0x12835b01,  0x243185be,  0x550c7dc3,  0x72be5d74,  0x80deb1fe,  0x9bdc06a7,  0xc19bf174,
  0xe49b69c1,  0xefbe4786,  0x0fc19dc6,  0x240ca1cc,  0x2de92c6f,  0x4a7484aa,  0x5cb0a9dc,  0x76f988da,
  0x983e5152,  0xa831c66d,  0xb00327c8,  0xbf597fc7,  0xc6e00bf3,  0xd5a79147,  0x06ca6351,  0x14292967,
  0x27b70a85,  0x2e1b2138,  0x4d2c6dfc,  0x53380d13,  0x650a7354,  0x766a0abb,  0x81c2c92e,  0x92722c85,
  0xa2bfe8a1,  0xa81a664b,  0xc24b8b70,  0xc76c51a3,  0xd192e819,  0xd6990624,  0xf40e3585,  0x106aa070,
  0x19a4c116,  0x1e376c08,  0x2748774c,  0x34b0bcb5,  0x391c0cb3,  0x4ed8aa4a,  0x5b9cca4f,  0x682e6ff3,
  0x748f82ee,  0x78a5636f,  0x84c87814,  0x8cc70208,  0x90befffa,  0xa4506ceb,  0xbef9a3f7,  0xc67178f2,
]);

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** The 32 bytes of the digest. */
export function sha256(message: Uint8Array): Uint8Array {
  const blocks = (message.length + 9 + 63) >>> 6;
  const padded = new Uint8Array(blocks * 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(message.length / 0x2000_0000));
  view.setUint32(padded.length - 4, message.length << 3);
  const hash = Int32Array.from(INITIAL);
  const words = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(block + 4 * i);
    compress(hash, words);
  }
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (let i = 0; i < 8; i++) out.setInt32(4 * i, hash[i] as number);
  return digest;
}

function compress(hash: Int32Array, words: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15] as number;
    const y = words[i - 2] as number;
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    words[i] = ((words[i - 16] as number) + s0 + (words[i - 7] as number) + s1) | 0;
  }
  // One by one: taking an array apart would walk it with an iterator, block by block.
  let a = hash[0] as number;
  let b = hash[1] as number;
  let c = hash[2] as number;
  let d = hash[3] as number;
  let e = hash[4] as number;
  let f = hash[5] as number;
  let g = hash[6] as number;
  let h = hash[7] as number;
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + s1 + choice + (ROUNDS[i] as number) + (words[i] as number)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + s0 + majority) | 0;
  }
  hash[0] = (hash[0] as number) + a;
  hash[1] = (hash[1] as number) + b;
  hash[2] = (hash[2] as number) + c;
  hash[3] = (hash[3] as number) + d;
  hash[4] = (hash[4] as number) + e;
  hash[5] = (hash[5] as number) + f;
  hash[6] = (hash[6] as number) + g;
  hash[7] = (hash[7] as number) + h;
}
