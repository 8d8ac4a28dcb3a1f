"""Search by words beyond plain English: German written in several ways, and scripts that do not show their words.

German: XQuAD's even questions (612) on their paragraphs (120), recall of the right paragraph as the first and within
ten; as they are, with questions without umlauts or decomposed, and with soft hyphens in the paragraphs. The other
scripts: a few sentences each, made for this, with words that some of them hold; counted are the words for which exactly
these are found. FTS5 is SQLite's, with its tokenizers for words and for any three characters.
"""

from __future__ import annotations

import json
import re
import sqlite3
import statistics
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.data import CORPUS
from bench.report import Report, options
from knnife import Space, Thing
from knnife.things.folding import without_accents

GERMAN = CORPUS.parent / "qa" / "xquad-even.de.json"
Search = Callable[[str, int], list[int]]  # a query, how many -> numbers of texts, best first

SETS = {  # sentences, and words with the numbers of those that hold them
    "Chinese": (
        "我住在北京，喜欢吃面条 上海的天气很好 他在北京大学学习中国历史 请把合同发到我的邮箱 "
        "这台电脑的电池坏了 中国经济增长放缓 我们明天去长城 大学的图书馆很安静 "
        "重跑build-itgc后修复已验证 订单号A1024已经发货",
        "北京:0,2 面条:0 天气:1 北京大学:2 大学:2,7 历史:2 合同:3 电池:4 中国:2,5 经济:5 长城:6 图书馆:7 "
        "itgc:8 验证:8 A1024:9 茶:",
    ),
    "Japanese": (
        "東京都に住んでいます 京都に行きたい ラーメンが好きです 新しいコンピュータを買いました "
        "図書館で本を読む 東京タワーは高い 電車が遅れています バージョンv2を公開しました 寿司を食べた "
        "日本の経済について",
        "東京:0,5 東京都:0 京都:0,1 ラーメン:2 コンピュータ:3 図書館:4 本:4,9 タワー:5 電車:6 v2:7 "
        "寿司:8 日本:9 経済:9 大阪: ﾗｰﾒﾝ:2",
    ),
    "Korean": (
        "서울에서_김치를_먹었다 고양이는_귀엽다 부산으로_가는_기차 대한민국의_수도는_서울이다 "
        "도서관에서_책을_읽었다 컴퓨터가_고장났다 주문번호B77은_배송중입니다 대통령이_연설했다",
        "서울:0,3 김치:0 고양이:1 부산:2 기차:2 대한민국:3 수도:3 도서관:4 책:4 컴퓨터:5 B77:6 대통령:7 제주:",
    ),
    "Thai": (
        "ฉันอยู่ที่กรุงเทพ แม่และแมวอยู่บ้าน อาหารไทยอร่อยมาก คอมพิวเตอร์ของฉันเสีย "
        "รถไฟไปเชียงใหม่ออกแล้ว หนังสือเล่มใหม่ของแม่ คำสั่งซื้อC55จัดส่งแล้ว",
        "กรุงเทพ:0 แมว:1 แม่:1,5 บ้าน:1 อาหาร:2 คอมพิวเตอร์:3 รถไฟ:4 เชียงใหม่:4 หนังสือ:5 C55:6 ทะเล:",
    ),
}


def knnife(folder: Path, texts: Sequence[str]) -> Search:
    space = Space.open(folder / "space.knnife", "english")
    space.add(Thing(str(number), text) for number, text in enumerate(texts))
    return lambda query, k: [int(hit.id) for hit in space.search(query, k, by="words")]


def fts5(texts: Sequence[str], tokenizer: str) -> Search:
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE VIRTUAL TABLE words USING fts5(text, tokenize='{tokenizer}')")
    db.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", enumerate(texts))

    def search(query: str, k: int) -> list[int]:
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", query)))
        sql = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
        return [row for (row,) in db.execute(sql, (match, k))]

    return search


def contenders(folder: Path, texts: Sequence[str]) -> dict[str, Search]:
    return {
        "knnife words": knnife(folder, texts),
        "FTS5 porter unicode61": fts5(texts, "porter unicode61 remove_diacritics 2"),
        "FTS5 trigram": fts5(texts, "trigram"),
    }


def german(report: Report, quick: bool) -> None:
    paragraphs = [each for article in json.loads(GERMAN.read_text())["data"] for each in article["paragraphs"]]
    texts = [each["context"] for each in paragraphs]
    asked = [(qa["question"], number) for number, each in enumerate(paragraphs) for qa in each["qas"]]
    asked = asked[:60] if quick else asked
    hyphened = [re.sub(r"(\w{6})(?=\w)", "\\1\u00ad", text) for text in texts]
    ways: dict[str, tuple[list[str], Callable[[str], str]]] = {
        "as it is": (texts, str),
        "questions without umlauts": (texts, without_accents),
        "questions decomposed": (texts, lambda text: unicodedata.normalize("NFD", text)),
        "soft hyphens": (hyphened, str),
    }
    for way, (held, change) in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            for who, search in contenders(Path(folder), held).items():
                found = [(search(change(question), 10), number) for question, number in asked]
                first = statistics.mean(ids[:1] == [number] for ids, number in found)
                report.add(f"German, {way}: first", who, first, "recall")
                report.add(f"German, {way}: of 10", who, statistics.mean(n in ids for ids, n in found), "recall")


def made(report: Report) -> None:
    for language, (sentences, queries) in SETS.items():
        texts = [text.replace("_", " ") for text in sentences.split()]
        asked = [query.split(":") for query in queries.split()]
        with tempfile.TemporaryDirectory() as folder:
            for who, search in contenders(Path(folder), texts).items():
                exact = [
                    sorted(search(word, 99)) == [int(number) for number in numbers.split(",") if number]
                    for word, numbers in asked
                ]
                report.add(f"{language}, {len(asked)} words", who, statistics.mean(exact), "exactly right")


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("scripts", as_json=arguments.json)
    german(report, arguments.quick)
    made(report)
    report.close()


if __name__ == "__main__":
    main()
