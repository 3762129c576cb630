/** What the writer is told to open. */
export interface OpenWriter {
  readonly kind: "open";
  readonly file: string;
  /** True for a disk that has to have it before anybody is told. */
  readonly fsync: boolean;
  /** Pages that the file may have; 0 for as many as the disk holds. */
  readonly maxPages: number;
  /** Milliseconds until what failed is tried again. */
  readonly retryMs: number;
}

/** What the writer has to say. */
export type WriterAnswer =
  | { readonly kind: "open" }
  | { readonly kind: "committed"; readonly batch: number }
  /** Nothing of what it was given since the last commit is safe. It tries again. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "closed"; readonly unwritten: number };
