# Answers each input of a JSON list as systemd reads an EnvironmentFile=, by its own shared library.
import ctypes, glob, json, os, sys, tempfile

library = ctypes.CDLL(sys.argv[1])
libc = ctypes.CDLL(None)
list_of_text = ctypes.POINTER(ctypes.c_char_p)
library.load_env_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(list_of_text)]
library.strv_env_clean_with_callback.restype = list_of_text
library.strv_env_clean_with_callback.argtypes = [list_of_text, ctypes.c_void_p, ctypes.c_void_p]
answers = []
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "input.env").encode()
    for text in json.load(sys.stdin):
        with open(path, "wb") as file:
            file.write(text.encode("utf-8"))
        found = list_of_text()
        if library.load_env_file(None, path, ctypes.byref(found)) < 0:
            answers.append({"refused": True})
            continue
        keys = {}
        if found:
            found = library.strv_env_clean_with_callback(found, None, None)
            index = 0
            while found[index] is not None:
                key, value = found[index].decode("utf-8").split("=", 1)
                keys[key] = value
                index += 1
        answers.append({"keys": keys})
print(json.dumps(answers))
