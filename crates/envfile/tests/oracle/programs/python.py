# Answers each input of a JSON list as the Python package python-dotenv reads a file.
import json, logging, os, sys, tempfile
from importlib.metadata import version
from dotenv import dotenv_values

if tuple(map(int, version("python-dotenv").split(".")[:3])) < (1, 2, 4):
    sys.exit("python-dotenv is older than 1.2.4")

logging.disable(logging.CRITICAL)
os.environ.clear()
answers = []
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "input.env")
    for text in json.load(sys.stdin):
        with open(path, "wb") as file:
            file.write(text.encode("utf-8"))
        answers.append({"keys": dict(dotenv_values(path, encoding="utf-8"))})
print(json.dumps(answers))
