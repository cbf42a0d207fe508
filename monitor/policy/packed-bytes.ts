/** Numbers in as few bytes as they need: seven bits a byte, lowest first (LEB128). */

/** Writes whole numbers up to 2^53 − 1, and doubles, one after the other. */
export class ByteWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  count(value: number): void {
    let rest = value;
    // Bit operations end at 32 bits.
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.at++] = rest;
  }

  double(value: number): void {
    this.#view.setFloat64(this.at, value);
    this.at += 8;
  }

  /** The low bytes of `text`, which is ASCII. */
  ascii(text: string): void {
    for (let n = 0; n < text.length; n += 1) this.bytes[this.at++] = text.charCodeAt(n);
  }
}

/** Reads what `ByteWriter` wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  count(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  double(): number {
    const value = this.#view.getFloat64(this.#at);
    this.#at += 8;
    return value;
  }

  ascii(length: number): string {
    let text = '';
    for (let n = 0; n < length; n += 1) text += String.fromCharCode(this.#bytes[this.#at++] as number);
    return text;
  }
}
