"use client";

import { People } from "@/features/people";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function PeoplePage() {
  return (
    <Shell>
      <Page title="People">
        <People />
      </Page>
    </Shell>
  );
}
