export { Viewer } from "./viewer/viewer";
export { Player } from "./player/player";
export { RunningJobs } from "./running-jobs";
