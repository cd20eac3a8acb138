/** Floor 4: the GGUF format of llama.cpp: its header, its types, and what its architectures call things. */
@NullMarked
package dev.twofold.gguf;

import org.jspecify.annotations.NullMarked;
