"use client";

import { ChevronRight } from "lucide-react";

import { t } from "@/lib/text";
import { type Sorting, useEntries } from "./api";
import { type Dragged, dropTarget } from "./drag";

type Props = { projectId: string; projectName: string; folder: string | null; sorting: Sorting; onFolder: (id: string | null) => void; onMove: (dragged: Dragged, target: string) => void };

export function Breadcrumbs({ projectId, projectName, folder, sorting, onFolder, onMove }: Props) {
  const path = useEntries(projectId, folder, "", sorting).data?.pages[0]?.path ?? [];
  const steps = path.filter((step) => step.parent_id !== null);
  return (
    <nav aria-label={t`Path`} className="flex min-w-0 flex-1 items-center gap-1 overflow-hidden text-sm">
      <button type="button" onClick={() => onFolder(null)} {...dropTarget((dragged) => onMove(dragged, projectId))} className={`data-over:bg-accent/15 truncate rounded px-1 hover:text-accent ${steps.length ? "text-muted" : "text-lg font-semibold"}`}>
        {projectName}
      </button>
      {steps.map((step, index) => (
        <span key={step.id} className="flex min-w-0 items-center gap-1">
          <ChevronRight className="size-4 shrink-0 text-muted" aria-hidden />
          <button type="button" onClick={() => onFolder(step.id)} {...dropTarget((dragged) => onMove(dragged, step.id))} className={`data-over:bg-accent/15 truncate rounded px-1 hover:text-accent ${index === steps.length - 1 ? "font-semibold" : "text-muted"}`}>
            {step.name}
          </button>
        </span>
      ))}
    </nav>
  );
}
