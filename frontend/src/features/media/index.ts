export { Viewer } from "./viewer/viewer";
export { Player } from "./player";
export { RunningJobs } from "./running-jobs";
