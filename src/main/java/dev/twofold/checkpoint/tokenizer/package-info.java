/**
 * Floor 4: the Hugging Face tokenizers library, in a process of its own. It is native code that may end its process over a
 * stranger's file, or never end.
 */
@NullMarked
package dev.twofold.checkpoint.tokenizer;

import org.jspecify.annotations.NullMarked;
