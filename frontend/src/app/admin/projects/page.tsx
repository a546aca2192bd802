"use client";

import { AllProjects } from "@/features/projects";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function AllProjectsPage() {
  return (
    <Shell>
      <Page title="All projects">
        <AllProjects />
      </Page>
    </Shell>
  );
}
