import { utf8 } from "../../bytes.ts";
import { ProtocolError } from "../../session.ts";
import { encodeFrame, MAX_CONTROL_BYTES } from "./codec.ts";
import { closeCodes, isCloseCode, opcodes } from "./codes.ts";
import { encodeMaskedFrame } from "./masked.ts";

/** What a Close frame says. One without a code says nothing. */
export interface Close {
  readonly code?: number;
  readonly reason: string;
}

/** Reads the payload of a Close frame (RFC 6455 §5.5.1). */
export function readClose(payload: Uint8Array): Close {
  if (payload.length === 0) return { reason: "" };
  if (payload.length === 1) {
    throw new ProtocolError(
      "Cannot read the close code: one byte, and two are required",
      closeCodes.protocolError,
    );
  }
  const code = payload[0]! << 8 | payload[1]!;
  if (!isCloseCode(code)) {
    throw new ProtocolError(
      `Cannot use close code ${code}: it is reserved`,
      closeCodes.protocolError,
    );
  }
  const reason = utf8(payload.subarray(2));
  if (reason === undefined) {
    throw new ProtocolError("Cannot read the close reason: not UTF-8", closeCodes.invalidPayload);
  }
  return { code, reason };
}

const encoder = new TextEncoder();

/** Writes a Close frame. A reason that is too long for a control frame is cut. */
export function closeFrame({ code, reason }: Close, masked = false): Uint8Array {
  const encode = masked ? encodeMaskedFrame : encodeFrame;
  if (code === undefined) return encode(opcodes.close, new Uint8Array(0));
  const payload = new Uint8Array(MAX_CONTROL_BYTES);
  payload[0] = code >> 8;
  payload[1] = code;
  // `encodeInto` never ends in the middle of a character.
  const { written } = encoder.encodeInto(reason, payload.subarray(2));
  return encode(opcodes.close, payload.subarray(0, 2 + written));
}
