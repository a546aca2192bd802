import type { DragEvent } from "react";

const TYPE = "application/x-stowage-entries";

export type Dragged = { files: string[]; folders: string[] };

/** Begin to drag entries; what the system shows is up to the browser. */
export function drag(event: DragEvent, dragged: Dragged): void {
  event.dataTransfer.setData(TYPE, JSON.stringify(dragged));
  event.dataTransfer.effectAllowed = "move";
}

/** Handlers of a folder that entries can be dropped on; files from outside of the browser go to the page's own drop zone. */
export function dropTarget(onMove: (dragged: Dragged) => void) {
  const isOurs = (event: DragEvent) => event.dataTransfer.types.includes(TYPE);
  const mark = (event: DragEvent, isOver: boolean) => (event.currentTarget as HTMLElement).toggleAttribute("data-over", isOver);
  return {
    onDragOver: (event: DragEvent) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      mark(event, true);
    },
    onDragLeave: (event: DragEvent) => mark(event, false),
    onDrop: (event: DragEvent) => {
      mark(event, false);
      if (!isOurs(event)) return;
      event.preventDefault();
      event.stopPropagation();
      onMove(JSON.parse(event.dataTransfer.getData(TYPE)) as Dragged);
    },
  };
}
