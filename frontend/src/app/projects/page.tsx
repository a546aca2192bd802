"use client";

import { ProjectGrid } from "@/features/projects";
import { Shell } from "../shell";

export default function ProjectsPage() {
  return (
    <Shell>
      <div className="mx-auto w-full max-w-6xl p-6 md:p-8">
        <ProjectGrid />
      </div>
    </Shell>
  );
}
