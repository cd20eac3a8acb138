/** Floor 5: models in GGUF files: their weights in blocks, and the configuration and tokenizer that their metadata holds. */
@NullMarked
package dev.twofold.source.gguf;

import org.jspecify.annotations.NullMarked;
