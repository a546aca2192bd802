import { Suspense } from "react";

import { Shell } from "../shell";
import { WatchView } from "./view";

export default function WatchPage() {
  return (
    <Shell>
      <Suspense>
        <WatchView />
      </Suspense>
    </Shell>
  );
}
