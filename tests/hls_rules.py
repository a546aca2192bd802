"""Apple's HLS authoring rules (numbers as in that document) checked on what a player is really given: playlists, inits, every segment."""

from dataclasses import dataclass, field

import httpx

from workers.tools import fmp4

WITHIN = 0.1
ENCODED = ("1080", "720", "480", "360", "240")


@dataclass
class Rendition:
    """One media playlist and the bytes that it names: durations in s."""

    text: str
    init: bytes = b""
    durations: list = field(default_factory=list)
    ranges: list = field(default_factory=list)
    segments: list = field(default_factory=list)

    def tag(self, name):
        return next((line.partition(":")[2] for line in self.text.splitlines() if line.startswith(name)), None)


def attributes(line):
    """Attributes of a tag, commas in quotes respected."""
    found, rest = {}, line.partition(":")[2]
    while rest:
        name, _, rest = rest.partition("=")
        if rest.startswith('"'):
            value, _, rest = rest[1:].partition('"')
            rest = rest.removeprefix(",")
        else:
            value, _, rest = rest.partition(",")
        found[name] = value
    return found


class Film:
    """Everything behind one master playlist, fetched as a player would."""

    def __init__(self, base, master_url):
        self.base, self.url = base, master_url
        self.violations = []
        answer = self._playlist("master.m3u8")
        self.master = answer.text
        lines = self.master.splitlines()
        self.variants = [
            (attributes(line), lines[number + 1]) for number, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF:")
        ]
        self.media = [attributes(line) for line in lines if line.startswith("#EXT-X-MEDIA:")]
        self.iframes = [attributes(line) for line in lines if line.startswith("#EXT-X-I-FRAME-STREAM-INF:")]
        names = [name for _, name in self.variants] + [one["URI"] for one in (*self.media, *self.iframes)]
        self.renditions = {name: self._rendition(name) for name in dict.fromkeys(names)}

    def _refuse(self, is_wrong, rule, what):
        if is_wrong:
            self.violations.append(f"{rule}: {what}")

    def _playlist(self, name):
        answer = httpx.get(f"{self.base}{self.url.replace('master.m3u8', name)}", headers={"Accept-Encoding": "gzip"})
        self._refuse(answer.status_code != 200, "8.18", f"{name} answers {answer.status_code}")
        self._refuse(not answer.headers["content-type"].startswith("application/vnd.apple.mpegurl"), "RFC 8216 4", f"type of {name}")
        is_small = len(answer.content) < 1_000
        self._refuse(not is_small and answer.headers.get("content-encoding") != "gzip", "10.1", f"{name} is not gzipped")
        return answer

    def _rendition(self, name):
        made = Rendition(self._playlist(name).text)
        lines = made.text.splitlines()
        if (place := made.tag("#EXT-X-MAP")) is not None:
            made.init = self._bytes(place.removeprefix('URI="').rstrip('"'))
        for number, line in enumerate(lines):
            if line.startswith("#EXTINF:"):
                made.durations.append(float(line[8:].rstrip(",")))
            elif line.startswith("#EXT-X-BYTERANGE:"):
                count, _, offset = line.partition(":")[2].partition("@")
                made.ranges.append(int(count))
                made.segments.append(self._bytes(lines[number + 1], int(offset), int(count)))
        return made

    def _bytes(self, url, offset=None, count=None):
        address = url if url.startswith("http") else self.base + url
        ranged = {} if offset is None else {"Range": f"bytes={offset}-{offset + count - 1}"}
        answer = httpx.get(address, headers=ranged)
        self._refuse(answer.status_code != (200 if offset is None else 206), "8.18", f"a segment answers {answer.status_code}")
        self._refuse(count is not None and len(answer.content) != count, "RFC 8216 4.3.2.2", "a range is not as long as it says")
        return answer.content

    def check(self):
        """All violations, as `rule: what`."""
        self._variants()
        for name, made in self.renditions.items():
            self._media(name, made)
            if made.init and not name.startswith("iframes"):
                self._segments(name, made)
        for one in self.iframes:
            self._iframes(self.renditions[one["URI"]])
        self._together()
        return self.violations

    def _variants(self):
        has_picture = any("RESOLUTION" in facts for facts, _ in self.variants)
        self._refuse(has_picture and not self.iframes, "6.1", "no I-frame playlist")
        self._refuse(any("LANGUAGE" not in one for one in self.media), "8.10", "a rendition without a language")
        for kind in ("AUDIO", "SUBTITLES"):
            names = [one["NAME"] for one in self.media if one["TYPE"] == kind]
            self._refuse(len(set(names)) != len(names), "RFC 8216 4.3.4.1", f"{kind} names twice: {names}")
        sounds = [self.renditions[one["URI"]] for one in self.media if one["TYPE"] == "AUDIO"]
        for facts, name in self.variants:
            made = self.renditions[name]
            needed = ["BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS"] + (["RESOLUTION", "FRAME-RATE"] if has_picture else [])
            self._refuse(any(one not in facts for one in needed), "9", f"{name} lacks one of {needed}")
            peaks = [max(size * 8 / seconds for size, seconds in zip(made.ranges, made.durations, strict=True))]
            averages = [sum(made.ranges) * 8 / sum(made.durations)]
            if facts.get("AUDIO"):
                peaks.append(max(max(s * 8 / d for s, d in zip(one.ranges, one.durations, strict=True)) for one in sounds))
                averages.append(max(sum(one.ranges) * 8 / sum(one.durations) for one in sounds))
            if has_picture:
                self._refuse(abs(int(facts["BANDWIDTH"]) / sum(peaks) - 1) > WITHIN, "1.26", f"{name}: BANDWIDTH is not as measured")
                self._refuse(
                    abs(int(facts["AVERAGE-BANDWIDTH"]) / sum(averages) - 1) > WITHIN, "1.27", f"{name}: average is not as measured"
                )
            self._refuse(fmp4.codecs(made.init) not in facts["CODECS"].split(","), "9.1", f"{name}: CODECS are not those of its init")

    def _media(self, name, made):
        target = int(made.tag("#EXT-X-TARGETDURATION"))
        self._refuse(made.tag("#EXT-X-PLAYLIST-TYPE") != "VOD" or "#EXT-X-ENDLIST" not in made.text, "8.6", f"{name} is no ended VOD")
        self._refuse(any(round(seconds) > target for seconds in made.durations), "7.7", f"{name}: a segment is longer than its target")
        self._refuse(not made.durations, "RFC 8216", f"{name} is empty")
        is_text = name.startswith("subs")
        self._refuse(not is_text and not made.init, "8.20", f"{name} has no EXT-X-MAP")
        self._refuse(is_text and any(b"X-TIMESTAMP-MAP" not in body for body in made.segments), "RFC 8216 3.5", "no timestamp map")

    def _segments(self, name, made):
        scale, tick = fmp4.timescale(made.init), None
        for number, (body, seconds) in enumerate(zip(made.segments, made.durations, strict=True)):
            first, ticks, is_sync = fmp4.span(body)
            self._refuse(tick is not None and first != tick, "7.3", f"{name}: segment {number} starts at {first}, not {tick}")
            self._refuse(not name.startswith("audio") and not is_sync, "7.4", f"{name}: segment {number} has no IDR first")
            self._refuse(abs(ticks / scale - seconds) > 0.05, "8.1", f"{name}: segment {number} lasts {ticks / scale}, not {seconds}")
            tick = first + ticks

    def _iframes(self, made):
        self._refuse("#EXT-X-I-FRAMES-ONLY" not in made.text, "6.1", "no EXT-X-I-FRAMES-ONLY")
        for body in made.segments:
            moof = body.find(b"moof")
            mdat = body.find(b"mdat")
            self._refuse(not 0 < moof < mdat < len(body) - 4, "6.1", "an I-frame range holds no picture")

    def _together(self):
        encoded = {name: made for name, made in self.renditions.items() if name.removesuffix(".m3u8") in ENCODED}
        cuts = {tuple(made.durations) for made in encoded.values()}
        self._refuse(len(cuts) > 1, "8.22", "renditions are cut at different places")
        targets = {made.tag("#EXT-X-TARGETDURATION") for made in self.renditions.values()}
        self._refuse(len(targets) > 1, "8.2", f"target durations differ: {targets}")


def violations(stack, client, file_id):
    """What is wrong with a finished film, by rule."""
    return Film(stack.base, client.post(f"/files/{file_id}/playback").json()["master_url"]).check()
