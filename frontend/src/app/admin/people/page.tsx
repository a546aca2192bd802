"use client";

import { People } from "@/features/people";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../../shell";

export default function PeoplePage() {
  return (
    <Shell>
      <Page title={t`People`}>
        <People />
      </Page>
    </Shell>
  );
}
