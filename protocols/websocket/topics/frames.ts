import { isUtf8 } from "node:buffer";
import type { Encoder, Publication } from "../../publication.ts";
import { encodeFrame } from "../frames/codec.ts";
import { opcodes } from "../frames/codes.ts";

const encoder = new TextEncoder();

/** Encoders of a publication's payload as a frame, by the value of `?frames=`. */
export const frameEncoders: Readonly<Record<string, Encoder>> = {
  auto: autoFrame,
  binary: binaryFrame,
  text: textFrame,
};

/** A text frame when the payload is UTF-8, else a binary frame. */
function autoFrame({ payload }: Publication): Uint8Array {
  return encodeFrame(isUtf8(payload) ? opcodes.text : opcodes.binary, payload);
}

function binaryFrame({ payload }: Publication): Uint8Array {
  return encodeFrame(opcodes.binary, payload);
}

/** Bytes that are not UTF-8 become U+FFFD: a text frame with them would end the connection. */
function textFrame(publication: Publication): Uint8Array {
  const { payload } = publication;
  return encodeFrame(
    opcodes.text,
    isUtf8(payload) ? payload : encoder.encode(publication.text()),
  );
}
