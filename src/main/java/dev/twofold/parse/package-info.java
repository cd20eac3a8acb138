/** Floor 1: how JSON and YAML that strangers wrote are read: bounded, strict, with the place of every mistake. */
@NullMarked
package dev.twofold.parse;

import org.jspecify.annotations.NullMarked;
