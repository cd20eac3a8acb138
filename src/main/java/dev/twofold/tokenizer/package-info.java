/** Floor 1: text to tokens and back, by the Hugging Face tokenizers library in a process of its own. */
@NullMarked
package dev.twofold.tokenizer;

import org.jspecify.annotations.NullMarked;
