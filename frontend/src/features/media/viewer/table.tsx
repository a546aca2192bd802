"use client";

import { dsvFormat } from "d3-dsv";
import { useMemo } from "react";

import { Grid } from "./grid";

const SEPARATORS = [",", ";", "\t", "|"];

/** Whichever is most often in the first line. */
function separatorOf(text: string): string {
  const [head = ""] = text.split("\n", 1);
  return SEPARATORS.reduce((best, mark) => (head.split(mark).length > head.split(best).length ? mark : best), ",");
}

/** CSV and TSV as a table, the first row as its heading. */
export function DataTable({ text, name, isWhole, onEnd }: { text: string; name: string; isWhole: boolean; onEnd: () => void }) {
  const rows = useMemo(() => {
    const found = dsvFormat(/\.tsv$/i.test(name) ? "\t" : separatorOf(text)).parseRows(text);
    // A page may end in the middle of a quoted cell: its row comes with the next page.
    return isWhole ? found : found.slice(0, -1);
  }, [text, name, isWhole]);
  const [heading = [], ...body] = rows;
  return <Grid name={name} heading={heading} rows={body} isWhole={isWhole} onEnd={onEnd} />;
}
