"""An anchor-free single-shot detector that quantises fully: depthwise backbone, light pyramid, decoupled head."""
