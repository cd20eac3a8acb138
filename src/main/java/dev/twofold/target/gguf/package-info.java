/** Floor 5: decoders as GGUF files, which llama.cpp runs. */
@NullMarked
package dev.twofold.target.gguf;

import org.jspecify.annotations.NullMarked;
