/** Floor 3: what it takes to run a decoder: engines, streams, graphs that are run and what they exchange. */
@NullMarked
package dev.twofold.execution;

import org.jspecify.annotations.NullMarked;
