import sys,time
t0=time.time(); last=t0
for l in iter(sys.stdin.readline,''):
    n=time.time(); print("%6.1f %5.1f %s"%(n-t0,n-last,l.rstrip()),flush=True); last=n
