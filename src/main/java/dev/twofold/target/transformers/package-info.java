/** Floor 5: decoders as Hugging Face checkpoints that transformers loads, trains and shards. */
@NullMarked
package dev.twofold.target.transformers;

import org.jspecify.annotations.NullMarked;
